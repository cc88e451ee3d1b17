/** Whether this process has done what it was started for, for whoever keeps what V8 compiled meanwhile. */
let worked = false;

export function noteWork(): void {
  worked = true;
}

export function hasWorked(): boolean {
  return worked;
}
