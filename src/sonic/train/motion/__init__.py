"""The motion model: conditional flow matching on face motion."""
