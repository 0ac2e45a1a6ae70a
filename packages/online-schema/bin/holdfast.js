#!/usr/bin/env node
// Committed, because npm links a command when it installs, which is before anything is built.
require('../dist/cli/main.js');
