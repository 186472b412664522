"""What goes out: who must receive it, what they read, when to try again."""
