// Starts the console.
import init from "./{{script}}";

init({ module_or_path: new URL("./{{wasm}}", import.meta.url) }).catch(() => {
  document.documentElement.dataset.failed = "true";
});
