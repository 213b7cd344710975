//! Choosing where the network runs, with a reason whenever it is not where it was wished for.

use candle_core::Device;

use super::request::DeviceChoice;

/// A device and what to call it.
pub struct Chosen {
    /// candle's device.
    pub device: Device,
    /// `cpu`, `cuda` or `metal`.
    pub name: &'static str,
    /// Why it is not what was asked for, in one sentence.
    pub note: Option<String>,
}

impl DeviceChoice {
    /// All choices, in the order shown to people.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Cpu, Self::Cuda, Self::Metal];

    /// Whether this program was built for it.
    pub fn is_built(self) -> bool {
        match self {
            Self::Auto | Self::Cpu => true,
            Self::Cuda => candle_core::utils::cuda_is_available(),
            Self::Metal => candle_core::utils::metal_is_available(),
        }
    }

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::Metal => "metal",
        }
    }
}

/// Opens the device, or the CPU where that is not possible.
pub fn choose(choice: DeviceChoice) -> Chosen {
    let cpu = |note| Chosen {
        device: Device::Cpu,
        name: "cpu",
        note,
    };
    match choice {
        DeviceChoice::Cpu => cpu(None),
        DeviceChoice::Cuda => gpu(choice).unwrap_or_else(|note| cpu(Some(note))),
        DeviceChoice::Metal => gpu(choice).unwrap_or_else(|note| cpu(Some(note))),
        DeviceChoice::Auto => {
            let gpus = [DeviceChoice::Cuda, DeviceChoice::Metal];
            let mut note = None;
            for choice in gpus.into_iter().filter(|choice| choice.is_built()) {
                match gpu(choice) {
                    Ok(chosen) => return chosen,
                    Err(reason) => note = Some(reason),
                }
            }
            cpu(note)
        }
    }
}

/// The first GPU of a kind, or why there is none.
fn gpu(choice: DeviceChoice) -> Result<Chosen, String> {
    let name = choice.name();
    let (built, device) = match choice {
        DeviceChoice::Metal => (candle_core::utils::metal_is_available(), Device::new_metal(0)),
        _ => (candle_core::utils::cuda_is_available(), Device::new_cuda(0)),
    };
    if !built {
        return Err(format!(
            "This build has no {name} support, so the CPU is used; build with --features {name}."
        ));
    }
    match device {
        Ok(device) => Ok(Chosen {
            device,
            name,
            note: None,
        }),
        Err(error) => Err(format!(
            "The {name} device cannot be opened ({error}), so the CPU is used."
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_always_works_and_needs_no_note() {
        let chosen = choose(DeviceChoice::Cpu);
        assert!(chosen.device.is_cpu());
        assert_eq!(chosen.note, None);
    }

    #[cfg(not(any(feature = "cuda", feature = "metal")))]
    #[test]
    fn a_missing_device_falls_back_to_the_cpu_and_says_why() {
        for choice in [DeviceChoice::Cuda, DeviceChoice::Metal] {
            let chosen = choose(choice);
            assert!(chosen.device.is_cpu());
            assert!(chosen.note.is_some_and(|note| note.contains(choice.name())));
        }
        assert_eq!(choose(DeviceChoice::Auto).note, None);
    }
}
