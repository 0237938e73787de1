"""A page to ask kept models about a text, served by Gradio."""
