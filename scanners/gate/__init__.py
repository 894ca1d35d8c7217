"""`plimsoll gate`: asks a Plimsoll whether a commit may go out. Plain HTTP; knows nothing of the app."""
