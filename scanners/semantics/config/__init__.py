"""What the rules and facts of configuration know: reads of variables, what checks them, own functions that read."""
