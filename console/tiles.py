"""The territories as tiles of one size, each about where it lies: small ones are seen as well as large ones. Pure."""

_GRID = """
..  ..  ..  ..  ..  ..  62  59  ..  ..  ..  ..
..  ..  ..  ..  ..  76  80  02  08  ..  ..  ..
..  ..  50  14  27  95  60  51  55  57  67  ..
29  22  35  53  61  78  92  93  77  54  88  68
..  56  44  49  72  28  75  94  10  52  70  90
..  ..  85  79  37  41  91  45  89  21  25  ..
..  ..  17  86  36  18  58  71  39  01  74  ..
..  ..  16  87  23  03  42  69D 69M 38  73  ..
977 33  24  19  15  63  43  07  26  05  ..  ..
978 40  47  46  12  48  30  84  04  06  ..  ..
971 64  32  82  81  34  13  83  ..  ..  ..  ..
972 65  31  09  11  66  ..  ..  ..  ..  ..  2B
973 974 976 975 ..  ..  ..  ..  ..  ..  ..  2A
"""
PLACES = {
    code: (column, row)
    for row, line in enumerate(_GRID.split("\n")[1:-1])
    for column, code in enumerate(line.split())
    if code != ".."
}
"""Column and row of each territory."""
WIDTH, HEIGHT = 12, 13
