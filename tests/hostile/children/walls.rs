//! Which walls stop which attack alone: the table in SECURITY.md.

use crunchbox::Layer;

use crate::bench::{Attack, Bench, is_namespace};
use crate::enter;
use crate::world::World;

/// The environment variable that asks for the table.
pub(crate) const VARIABLE: &str = "CRUNCHBOX_WALLS";

/// The layers that a worker can be made without.
pub(crate) fn switchable(pass: &str) -> Vec<Layer> {
    let is_switchable = |layer: &Layer| match layer {
        // These are what a worker is.
        Layer::Wasm | Layer::Process | Layer::Environment | Layer::Descriptors => false,
        Layer::User => pass == enter::ROOT,
        _ => true,
    };
    Layer::ALL.into_iter().filter(is_switchable).collect()
}

/// Prints a line for each attack: as whom, its name, the verdict behind all walls, which of them stop it alone, and
/// what it tries. `kernel` stands for an attack that is refused where there is no wall at all.
pub(crate) fn print(world: &World, attacks: &[Attack]) -> anyhow::Result<()> {
    let layers = switchable(world.pass());
    let mut stopped: Vec<Vec<Layer>> = vec![Vec::new(); attacks.len()];
    let stops = |on: &[Layer]| -> anyhow::Result<Vec<bool>> {
        let without: Vec<Layer> = layers.iter().copied().filter(|layer| !on.contains(layer)).collect();
        let bench = Bench::new(world, &without)?;
        let stops = |attack: &Attack| Ok(attack.meets_walls() && bench.run(attack)?.won.is_none());
        let stops = attacks.iter().map(stops).collect::<anyhow::Result<_>>()?;
        bench.close()?;
        Ok(stops)
    };
    let by_nothing = stops(&[])?;
    let by_user_namespace = stops(&[Layer::UserNamespace])?;
    for layer in &layers {
        // The others can't be made without that one, so what it stops itself is not theirs.
        let by_this = match layer {
            Layer::UserNamespace => by_user_namespace.clone(),
            layer if is_namespace(*layer) => {
                let both = stops(&[*layer, Layer::UserNamespace])?;
                both.iter().zip(&by_user_namespace).map(|(both, one)| *both && !one).collect()
            }
            layer => stops(&[*layer])?,
        };
        for (index, stops) in by_this.into_iter().enumerate() {
            if stops && !by_nothing[index] {
                stopped[index].push(*layer);
            }
        }
    }
    for ((attack, stopped), by_nothing) in attacks.iter().zip(stopped).zip(by_nothing) {
        let names: Vec<_> = stopped.iter().map(|layer| layer.name()).collect();
        let walls = match (attack.stopped_by.as_str(), by_nothing) {
            ("walls", true) => "kernel".to_owned(),
            ("walls", false) => names.join("+"),
            (other, _) => other.to_owned(),
        };
        println!("{}\t{}\t{}\t{walls}\t{}", world.pass(), attack.name, attack.verdict, attack.what);
    }
    Ok(())
}
