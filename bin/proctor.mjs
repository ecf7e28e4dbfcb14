#!/usr/bin/env node
// No process stands between a signal and the program, which is found beside this file, wherever it is called from.
import { findProgram } from './program.mjs';

await import(await findProgram());
