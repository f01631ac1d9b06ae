"""`python -m lab.tune FOLDER`: run the fine-tuning that `tune.launch_line` wrote into a folder."""

import sys

from lab.tune import launch

launch.run(sys.argv[1])
