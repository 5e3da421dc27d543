"""How anything is measured. Knows no operator."""
