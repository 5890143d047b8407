"""Write an editable configuration, or show what is in effect.

Later layers win: defaults, config.yaml, .env, environment variables, flags.

Examples:
    cxr config init
    cxr config show
"""
