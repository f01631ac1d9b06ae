"""The simulated teacher, rater and judge, behind the protocol of a real server."""

from lab.testbed.teacher.app import BrokenOffError, TeacherServer
from lab.testbed.teacher.log import Log
from lab.testbed.teacher.settings import Faults, Teacher, Traffic

__all__ = ["BrokenOffError", "Faults", "Log", "Teacher", "TeacherServer", "Traffic"]
