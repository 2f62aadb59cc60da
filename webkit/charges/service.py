"""What other features may ask of charges."""

from __future__ import annotations

from webkit.charges.charging import ChargeShown as ChargeShown
from webkit.charges.charging import is_collected as is_collected
from webkit.charges.charging import of_invoice as of_invoice
from webkit.charges.collecting import CollectionView as CollectionView
from webkit.charges.collecting import collect as collect
from webkit.charges.collecting import of_several as of_several
from webkit.charges.collecting import schedule as schedule
from webkit.charges.schedule import Schedule as Schedule
from webkit.charges.schedule import ahead as ahead
from webkit.charges.schedule import amount as amount
from webkit.charges.schedule import over as over
from webkit.charges.schedule import tries as tries
