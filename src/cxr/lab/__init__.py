"""The hosts on your own machine: Kaggle, NIH's Box folder and PhysioNet, filled with synthetic patients.

Tests, the demo and anyone without an account run against it::

    from cxr.lab import HOSTS, Lab

    with Lab(images=100, size=256) as lab:
        os.environ.update(lab.environment)

It serves only what the real hosts are known to have, on 127.0.0.1 alone. Their failures can be switched on.
"""

from cxr.lab.exchange import Exchange
from cxr.lab.failures import FAILURES, Failure, Failures
from cxr.lab.lab import HOSTS, Lab
from cxr.lab.nih import Contents
from cxr.lab.physionet_rules import Account, PhysioNetRules
from cxr.lab.service import Pace

__all__ = [
    "FAILURES",
    "HOSTS",
    "Account",
    "Contents",
    "Exchange",
    "Failure",
    "Failures",
    "Lab",
    "Pace",
    "PhysioNetRules",
]
