# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""The domains in which anybody gets an address.

Decided here: which domains tell nothing of the organisation that somebody
works for.  Not here: whose the other domains are (mail_domain.py).
"""

# Of the big ones with a domain for each country only the name is here
_NAMES = frozenset("""
    aol fastmail gmx googlemail hotmail live mail msn outlook proton
    protonmail rediffmail rocketmail yahoo yandex ymail zohomail
    """.split())
_COUNTRY = frozenset("""
    ar at au be bg br ca ch cl cn co com cz de dk es eu fi fm fr gr hk hu id
    ie il in it jp kr mx my net nl no nz org pe ph pl pt ro ru se sg th tr tw
    ua uk us uy ve vn za me
    """.split())
_DOMAINS = frozenset("""
    163.com 126.com aim.com alice.it aon.at arcor.de att.net bbox.fr
    bell.net bellsouth.net blueyonder.co.uk bluewin.ch bol.com.br
    btinternet.com centrum.cz charter.net comcast.net cox.net duck.com
    earthlink.net email.com email.cz eresmas.com euskalnet.net euskaltel.net
    facebook.com free.fr freemail.hu freenet.de freeserve.co.uk gmail.com
    hey.com home.nl hushmail.com ig.com.br icloud.com inbox.com inbox.lv
    inicia.es interia.pl jazzfree.com kabelmail.de kpnmail.nl laposte.net
    latinmail.com libero.it list.ru live.com mac.com mailbox.org mailfence.com
    me.com movistar.es mundo-r.com naver.com neuf.fr ntlworld.com o2.pl
    o2online.de online.de onet.pl ono.com op.pl optonline.net orange.es
    orange.fr ozu.es pm.me posteo.de posteo.net qq.com r7.com rambler.ru
    retemail.es rogers.com runbox.com sapo.pt sbcglobal.net seznam.cz sfr.fr
    shaw.ca sina.com sky.com skynet.be startmail.com sympatico.ca
    t-online.de talktalk.net telecable.es telefonica.es telefonica.net
    telenet.be telus.net terra.com terra.com.br terra.es tin.it tiscali.co.uk
    tiscali.it tutanota.com tutanota.de tuta.io tuta.com tutamail.com
    uol.com.br verizon.net versanet.de virgilio.it virginmedia.com
    vodafone.de vodafone.es vodafone.it wanadoo.es wanadoo.fr web.de wp.pl
    xtec.cat xs4all.nl ya.com zoho.com zoho.eu
    """.split())


def is_free(domain):
    """Tell whether anybody gets an address in the domain.

    ``domain`` is in the form that correspondents.normalise returns.
    """
    name, _, rest = domain.partition('.')
    return domain in _DOMAINS or (
        name in _NAMES
        # As in yahoo.es and yahoo.co.uk
        and set(rest.split('.')) <= _COUNTRY and rest.count('.') < 2)
