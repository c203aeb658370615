/** A growing list of byte ranges, reused from message to message: no object per range. */
export class RangeList {
  start: Int32Array = new Int32Array(64);
  end: Int32Array = new Int32Array(64);
  length = 0;

  push(start: number, end: number): void {
    if (this.length === this.start.length) this.grow();
    this.start[this.length] = start;
    this.end[this.length] = end;
    this.length++;
  }

  clear(): void {
    this.length = 0;
  }

  private grow(): void {
    const { start, end } = this;
    this.start = new Int32Array(start.length * 2);
    this.end = new Int32Array(end.length * 2);
    this.start.set(start);
    this.end.set(end);
  }
}
