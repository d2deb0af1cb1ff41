# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Pictures for the tests of documents.
"""
import io

from PIL import Image


def picture(width=40, height=30, format='PNG', color='#ffddcc'):
    "Return the bytes of a picture"
    file = io.BytesIO()
    Image.new('RGB', (width, height), color).save(file, format)
    return file.getvalue()


def images_of(pdf):
    "Return the pictures of a pypdf.PdfReader"
    return [i for page in pdf.pages for i in page.images]
