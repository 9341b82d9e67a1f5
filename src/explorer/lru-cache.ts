/** A cache of computed values that drops the least recently used ones. */
export class LruCache<K, V> {
  private readonly values = new Map<K, Promise<V>>();

  /** @param most largest number of values in the cache */
  constructor(private readonly most: number) {}

  get(key: K, compute: () => Promise<V>): Promise<V> {
    const value = this.values.get(key) ?? compute();
    // Inserting the entry again makes it the most recently used one.
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
