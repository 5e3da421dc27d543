"""The pages of a site, one module each: what its template, of the same name, is given."""
