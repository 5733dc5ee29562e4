import { spawn } from 'node:child_process';
import { explained } from './explain.mjs';

const OUTPUT_KEPT_BYTES = 20_000;

/** Runs a program to its end and gives its output; what it said is told only if it fails. */
export function run(program, args, { env = {}, cwd, user = {} } = {}) {
  return new Promise((resolve, reject) => {
    let output = '';
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], ...user });
    const keep = (text) => {
      output = (output + text).slice(-OUTPUT_KEPT_BYTES);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.on('error', (error) => reject(explained(`run ${program}`, error)));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(explained(`run "${[program, ...args].join(' ')}"`, new Error(`it ended with ${signal ?? `exit code ${code}`}`), output));
    });
  });
}
