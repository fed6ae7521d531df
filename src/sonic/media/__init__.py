"""Reading and writing of pictures, sound and video."""
