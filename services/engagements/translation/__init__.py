"""Contract ⇄ domain: `lecture` reads deposits, events and due dates, `recit` tells the facts."""
