/* This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
   of this repository contains the full copyright notices and license terms. */
'use strict';

// The page that leads to the board is a form, which nobody has to press
document.getElementById('board-enter').requestSubmit();
