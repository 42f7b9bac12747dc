import { runProgram } from './program';

void runProgram({ environment: process.env, exit: (code) => process.exit(code) });
