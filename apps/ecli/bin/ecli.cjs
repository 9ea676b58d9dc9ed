#!/usr/bin/env node
'use strict';

// Committed, so that npm links it before anything is built. What it starts is made by `npm run build`.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const main = join(__dirname, '..', 'dist', 'main.js');
if (existsSync(main)) {
  require(main);
} else {
  console.error('error: ecli: not built yet\nhint: npm run build');
  process.exitCode = 1;
}
