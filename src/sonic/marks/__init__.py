"""What says that a video is synthetic: labels, an invisible watermark and signed credentials."""
