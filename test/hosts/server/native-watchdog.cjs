// Stands in for @vscode/native-watchdog, which would need a compiler. It ends a process whose parent is gone;
// the extension host looks for its parent every second by itself, so nothing is left to do here.
exports.start = () => {};
exports.exit = (code) => process.exit(code ?? 0);
