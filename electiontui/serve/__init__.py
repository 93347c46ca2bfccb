"""The dashboard in a browser: a page for those who know its address, and a process for each of them.

textual-serve has the terminal in the page and speaks with the processes; it neither asks who comes nor ends what hangs,
so `gate` decides who is let in, and `visitor` sees that nothing outlives whom it was for.
"""
