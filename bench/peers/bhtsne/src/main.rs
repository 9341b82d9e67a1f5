//! Runs the t-SNE of the crate bhtsne on a .npy matrix, in a process of its own.
//!
//!   bhtsne-peer barnes-hut '{"x": "data.npy", "y": "map.npy", "perplexity": 30, "iterations": 1000, "threads": 2, "seed": 42}'
//!
//! The method is barnes-hut or fft. The last line printed is JSON: seconds and peakMib. The clock starts with the matrix in memory
//! and stops with the embedding in memory. The crate draws its own start and takes no seed.

use std::error::Error;
use std::fs::{read_to_string, File};
use std::io::{BufReader, BufWriter};
use std::time::Instant;

use npyz::WriterBuilder;

#[derive(serde::Deserialize)]
struct Task {
    x: String,
    y: String,
    perplexity: f32,
    iterations: usize,
    threads: usize,
}

/// That of the examples of the crate.
const THETA: f32 = 0.5;

fn euclidean(a: &&[f32], b: &&[f32]) -> f32 {
    a.iter().zip(b.iter()).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt()
}

fn embed(method: &str, rows: &[&[f32]], task: &Task) -> Result<Vec<f32>, Box<dyn Error>> {
    let mut tsne = bhtsne::tSNE::<f32, &[f32], 2>::new(rows);
    tsne.perplexity(task.perplexity).epochs(task.iterations);
    match method {
        "barnes-hut" => tsne.barnes_hut(THETA, euclidean),
        "fft" => tsne.fit_sne(euclidean),
        _ => return Err(format!("{method}: expected barnes-hut or fft").into()),
    };
    Ok(tsne.embedding())
}

/// The most memory that this process ever held, where the system is Linux.
fn peak_mib() -> f64 {
    let status = read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, method, task] = arguments.as_slice() else {
        return Err("expected a method and a task".into());
    };
    let task: Task = serde_json::from_str(task)?;
    rayon::ThreadPoolBuilder::new().num_threads(task.threads).build_global()?;
    let file = npyz::NpyFile::new(BufReader::new(File::open(&task.x)?))?;
    let columns = *file.shape().get(1).ok_or("expected a matrix")? as usize;
    let data: Vec<f32> = file.into_vec()?;
    let start = Instant::now();
    let rows: Vec<&[f32]> = data.chunks(columns).collect();
    let embedding = embed(method, &rows, &task)?;
    let seconds = start.elapsed().as_secs_f64();
    let mut writer = npyz::WriteOptions::new()
        .default_dtype()
        .shape(&[rows.len() as u64, 2])
        .writer(BufWriter::new(File::create(&task.y)?))
        .begin_nd()?;
    writer.extend(embedding)?;
    writer.finish()?;
    println!("{}", serde_json::json!({ "seconds": seconds, "peakMib": peak_mib() }));
    Ok(())
}
