#!/usr/bin/env node
// tsx is found beside this file, wherever it is called from, and no process stands between a signal and the program.
import { register } from 'tsx/esm/api';

register();
await import('./proctor.ts');
