/** Prints "passed failed" of one tier from vitest's JSON report and exit code; whatever went wrong counts at least once. */
import { existsSync, readFileSync } from "node:fs";

const [file, ended] = process.argv.slice(2);
const report = existsSync(file)
  ? JSON.parse(readFileSync(file, "utf8"))
  : { testResults: [], numPassedTests: 0, numFailedTests: 0 };
// A file that cannot even be loaded has no test that could fail.
const broken = report.testResults.filter(
  (each) => each.status === "failed" && each.assertionResults.every((test) => test.status !== "failed"),
);
const passed = report.numPassedTests;
const failed = report.numFailedTests + broken.length;
const wentWrong = ended !== "0" || passed === 0;
console.log(passed, failed === 0 && wentWrong ? 1 : failed);
