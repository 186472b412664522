"""A search as SQL: which resources, in which order, how many, and what else comes with them.

`matches` and `leaves` say what a clause finds, `nodes` how clauses combine, `compiling` makes them
of a query, `probing` finds out which of them is selective, `selecting` and `sorting` read a page.
The plan is made here: neither database knows enough of the data to make it.
"""
