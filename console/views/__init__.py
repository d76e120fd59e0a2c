"""The pages as trees: text put in one cannot become markup. One file per page, and what they share in `layout`."""
