"""One module per page of the web form; each has a function `show`.

Not named `pages`: Streamlit takes a folder of that name beside the script for pages of its own and
runs its files bare until the navigation is known.
"""
