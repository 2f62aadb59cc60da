"""The contract every agency starts with, in English and Italian. Plain words, fair to both sides; theirs to change."""

from __future__ import annotations

from webkit.contracts.terms import Clause

ENGLISH = (
    Clause(
        "What we make",
        "{{agency.legal_name}} (“we”) provides to {{client.name}} (“you”) what is listed above, as described in"
        " proposal {{proposal.number}}, which is part of this contract.\n\n"
        "What is not listed there is not included. We tell you beforehand when something would cost more.",
    ),
    Clause(
        "When",
        "The work starts on {{contract.commencement_date}}. Dates hold if we have your texts, pictures, access and"
        " answers in time; each day of waiting moves them by one day.",
    ),
    Clause(
        "What you pay",
        "{{contract.payment_terms}}\n\nIf an invoice is more than 30 days late we may pause the work after telling you"
        " in writing.",
    ),
    Clause(
        "Changes",
        "Two rounds of changes to each draft are included. Anything beyond is offered in writing first, and begins"
        " only with your yes.",
    ),
    Clause(
        "When it is finished",
        "We tell you when a part is ready. You have 14 days to try it and to name what does not work as agreed; we put"
        " that right at no cost. After 14 days without an answer, or once you use it in public, the part is accepted.",
    ),
    Clause(
        "Who owns it",
        "When the last invoice is paid, the design, the texts and the code made for you are yours to use without limit"
        " of time or place. Parts made by others and open-source software keep their own licences. We may show the"
        " finished work as a reference unless you ask us not to.",
    ),
    Clause(
        "Secrets and personal data",
        "Each side keeps confidential what it learns about the other. We handle personal data for you only to do this"
        " work, on your instructions, and delete or return it when the work ends.",
    ),
    Clause(
        "Liability",
        "We are liable without limit for intent, gross negligence and harm to people, and where the law says so. For"
        " other damage our liability is limited to the price of this contract.",
    ),
    Clause(
        "Ending it",
        "Monthly services can be ended by either side with 30 days’ notice in writing. The one-time work ends when it"
        " is accepted, or earlier if a side breaks the contract and does not mend it within 14 days of being asked;"
        " work done until then is paid.",
    ),
    Clause(
        "Signature and law",
        "Both sides agree to sign this contract electronically. The law of {{agency.country}} applies. Changes to this"
        " contract are made in writing; an e-mail that both sides confirm is enough.",
    ),
)

ITALIAN = (
    Clause(
        "Che cosa realizziamo",
        "{{agency.legal_name}} («noi») fornisce a {{client.name}} («il cliente») quanto elencato sopra, come descritto"
        " nella proposta {{proposal.number}}, che fa parte di questo contratto.\n\n"
        "Ciò che non vi è elencato non è compreso. Prima di ogni lavoro che costi di più lo comunichiamo.",
    ),
    Clause(
        "Quando",
        "Decorrenza: {{contract.commencement_date}}. Le date valgono se riceviamo in tempo testi, immagini, accessi e"
        " risposte; ogni giorno di attesa le sposta di un giorno.",
    ),
    Clause(
        "Che cosa si paga",
        "{{contract.payment_terms}}\n\nSe una fattura è in ritardo di oltre 30 giorni possiamo sospendere il lavoro,"
        " dopo averlo comunicato per iscritto.",
    ),
    Clause(
        "Modifiche",
        "Sono compresi due giri di modifiche per ogni bozza. Tutto il resto viene prima offerto per iscritto e comincia"
        " solo dopo il consenso del cliente.",
    ),
    Clause(
        "Consegna e accettazione",
        "Comunichiamo quando una parte è pronta. Il cliente ha 14 giorni per provarla e indicare che cosa non funziona"
        " come concordato; lo correggiamo senza costi. Dopo 14 giorni senza risposta, o con l’uso in pubblico, la"
        " parte è accettata.",
    ),
    Clause(
        "Proprietà",
        "Con il pagamento dell’ultima fattura il cliente può usare senza limiti di tempo e di luogo il progetto"
        " grafico, i testi e il codice realizzati per lui. Le parti di terzi e il software open source mantengono le"
        " proprie licenze. Possiamo mostrare il lavoro finito come referenza, salvo richiesta contraria.",
    ),
    Clause(
        "Riservatezza e dati personali",
        "Ciascuna parte mantiene riservato ciò che apprende dell’altra. Trattiamo dati personali per conto del cliente"
        " solo per questo lavoro e secondo le sue istruzioni, e li cancelliamo o restituiamo alla fine.",
    ),
    Clause(
        "Responsabilità",
        "Rispondiamo senza limiti per dolo, colpa grave e danni alle persone, e nei casi previsti dalla legge. Per gli"
        " altri danni la nostra responsabilità è limitata al prezzo di questo contratto.",
    ),
    Clause(
        "Durata e recesso",
        "Dai servizi mensili ciascuna parte può recedere per iscritto con 30 giorni di preavviso. Il lavoro una tantum"
        " termina con l’accettazione, oppure prima se una parte non adempie e non rimedia entro 14 giorni dalla"
        " richiesta; il lavoro svolto fino ad allora viene pagato.",
    ),
    Clause(
        "Firma e legge applicabile",
        "Le parti accettano di firmare questo contratto elettronicamente. Si applica la legge del seguente Paese:"
        " {{agency.country}}. Le modifiche a questo contratto si fanno per iscritto; basta una e-mail confermata da"
        " entrambe le parti.",
    ),
)

BUILTIN = {"en": ("Standard contract", ENGLISH), "it": ("Contratto standard", ITALIAN)}
"""Language → name and clauses."""
