/** The build puts imported CSS into dist/webview/panel.css. */
declare module '*.css';
