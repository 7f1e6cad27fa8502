"""Who sells what: businesses, members, providers, resources, offerings."""
