// Replaces native-watchdog, which would need a compiler. The original ends a process whose parent is gone. The extension host
// checks for its parent every second anyway, so there is nothing to do here.
exports.start = () => {};
exports.exit = (code) => process.exit(code ?? 0);
