"""The compiler of definitions: Python files in, Chronon's JSON files out.

finder     answers `import ai.chronon.…` with this package
loader     runs definition files, and knows what each imports, reads and changes
positions  lines and columns in the user's files
finish     completes an object with what only its file and teams.json know
rules      what an object must keep towards the rest of the repository
compiled   the files that are already compiled
compiler   one run: files -> objects, texts and problems
output     writes files, shows differences
origins    where each part of a compiled file was written, for the program
"""
