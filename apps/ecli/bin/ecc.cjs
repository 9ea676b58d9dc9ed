#!/usr/bin/env node
'use strict';

// `ecli build` under the name of the compiler whose flags it takes: main.js looks at the name it was called by.
require('./ecli.cjs');
