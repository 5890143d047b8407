"""Set, test, list or remove the credentials of the services that hold datasets.

They are read from where other programs keep them too: environment variables, .env, ~/.kaggle, ~/.netrc, AWS
profiles. What you set here goes into the system's keyring, or where there is none into a file that only you
can read.

Examples:
    cxr credentials list
    cxr credentials test kaggle
"""
