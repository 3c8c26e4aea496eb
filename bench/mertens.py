"""Exposure fusion by OpenCV, for comparison: one run for each line on standard input, its milliseconds as a line on standard output.

Arguments: width, height, then files of raw RGB.
"""
import sys
import time

import cv2
import numpy

width, height = int(sys.argv[1]), int(sys.argv[2])
images = [numpy.fromfile(path, numpy.uint8).reshape(height, width, 3) for path in sys.argv[3:]]
merge = cv2.createMergeMertens()
print("ready", flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    merge.process(images)
    print((time.perf_counter() - start) * 1000, flush=True)
