/**
 * The program of the thread that takes names and compressed data apart. It is text, since a bundle has no second
 * file that could be started, and CommonJS in plain JavaScript for the same reason.
 *
 * It answers each message on `port`, then raises the count at `answered` and wakes who waits for it.
 */
export const DECODING_THREAD = `
'use strict';
const { readFileSync } = require('node:fs');
const { pathToFileURL } = require('node:url');
const { workerData } = require('node:worker_threads');
const { port, answered, demangler, demanglerWasm, xz } = workerData;

let demangle;
async function loadDemangler() {
  const glue = await import(pathToFileURL(demangler).href);
  const module = new WebAssembly.Module(readFileSync(demanglerWasm));
  const { exports } = new WebAssembly.Instance(module, { './index_bg.js': glue });
  glue.__wbg_set_wasm(exports);
  exports.__wbindgen_start();
  return glue.demangle_any;
}

async function unxz(compressed, most) {
  const { XzReadableStream } = require(xz);
  const parts = [];
  let size = 0;
  for await (const part of new XzReadableStream(new Blob([compressed]).stream())) {
    size += part.length;
    if (size > most) throw new Error('more than ' + most + ' bytes');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

async function answer(question) {
  if (question.compressed) return unxz(question.compressed, question.most);
  demangle ??= await loadDemangler();
  return question.name === undefined ? '' : demangle(question.name).slice(0, question.most);
}

port.on('message', async (question) => {
  let result;
  try {
    result = { value: await answer(question) };
  } catch (error) {
    // A trap leaves the demangler's memory as it was in the middle of its work.
    if (!question.compressed) demangle = undefined;
    result = { error: String(error) };
  }
  port.postMessage(result);
  Atomics.add(answered, 0, 1);
  Atomics.notify(answered, 0);
});
`;
