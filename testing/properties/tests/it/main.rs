//! Every property of the fuzz targets over its seeds, and over variations of them that are the
//! same on every run.

#[cfg(test)]
mod properties;
#[cfg(test)]
mod variation;
