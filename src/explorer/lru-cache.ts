/** What was asked for last, computed once. */
export class LruCache<K, V> {
  private readonly values = new Map<K, Promise<V>>();

  /** @param most how many are kept */
  constructor(private readonly most: number) {}

  get(key: K, compute: () => Promise<V>): Promise<V> {
    const value = this.values.get(key) ?? compute();
    // The last one asked for is the last one to go.
    this.values.delete(key);
    this.values.set(key, value);
    value.catch(() => this.values.delete(key));
    const [oldest] = this.values.keys();
    if (this.values.size > this.most && oldest !== undefined) this.values.delete(oldest);
    return value;
  }

  clear(): void {
    this.values.clear();
  }
}
