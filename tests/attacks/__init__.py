"""Files made to kill or hang a reader: what each costs, in time and memory."""
